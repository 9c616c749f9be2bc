"""How goods travel, as the WCO Data Model names it."""

from dataclasses import dataclass
from decimal import Decimal

from isthmus_bridge.wco.parties import Carrier, SafetyConsignor


@dataclass(frozen=True, kw_only=True)
class BorderTransportMeans:
    """What crosses the border: identity, nationality, mode (DE 7/14, 7/15, 7/4)."""

    name: str | None = None
    id: str | None = None
    identification_type_code: str | None = None
    type_code: str | None = None
    registration_nationality_code: str | None = None
    mode_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Freight:
    """How the freight is paid (DE 4/2)."""

    payment_method_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConsignmentItem:
    """Safety and security data of one item."""

    sequence_numeric: Decimal
    consignor: SafetyConsignor | None = None
    freight: Freight | None = None


@dataclass(frozen=True, kw_only=True)
class Itinerary:
    """A country on the way (DE 5/18)."""

    sequence_numeric: Decimal
    routing_country_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class SafetyConsignment:
    """The consignment as safety and security see it."""

    carrier: Carrier | None = None
    consignment_item: tuple[ConsignmentItem, ...] = ()
    consignor: SafetyConsignor | None = None
    freight: Freight | None = None
    itinerary: tuple[Itinerary, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TransportMeans:
    """What goods arrive or depart on (DE 7/7, 7/9)."""

    name: str | None = None
    id: str | None = None
    identification_type_code: str | None = None
    type_code: str | None = None
    mode_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class LocationAddress:
    """Where a location is; ``type_code`` U says that its name is a UN/LOCODE."""

    type_code: str | None = None
    city_name: str | None = None
    country_code: str | None = None
    line: str | None = None
    postcode_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class GoodsLocation:
    """Where the goods may be examined (DE 5/23)."""

    name: str | None = None
    id: str | None = None
    type_code: str | None = None
    address: LocationAddress | None = None


@dataclass(frozen=True, kw_only=True)
class LoadingLocation:
    """Where the goods are loaded (DE 5/21)."""

    name: str | None = None
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class NumberedID:
    """One of several: a seal (DE 7/18), a container that holds an item (DE 7/10)."""

    sequence_numeric: Decimal
    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TransportEquipment:
    """A container and its seals (DE 7/10, 7/18)."""

    sequence_numeric: Decimal
    id: str | None = None
    seal: tuple[NumberedID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Consignment:
    """The goods on their way; ``container_code`` 1 says that they are in containers (DE 7/2)."""

    container_code: str | None = None
    arrival_transport_means: TransportMeans | None = None
    departure_transport_means: TransportMeans | None = None
    goods_location: GoodsLocation | None = None
    loading_location: LoadingLocation | None = None
    transport_equipment: tuple[TransportEquipment, ...] = ()
