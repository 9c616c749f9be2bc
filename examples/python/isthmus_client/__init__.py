from .base_client import BaseClient
from .base_model import BaseModel, Upload
from .client import IsthmusClient
from .create_shipment import (
    CreateShipment,
    CreateShipmentCreateShipment,
    CreateShipmentCreateShipmentShipment,
    CreateShipmentCreateShipmentUserErrors,
)
from .enums import ExceptionCode
from .exceptions import (
    GraphQLClientError,
    GraphQLClientGraphQLError,
    GraphQLClientGraphQLMultiError,
    GraphQLClientHttpError,
    GraphQLClientInvalidResponseError,
)
from .fragments import Tracked, TrackedExceptions, TrackedStatus
from .input_types import (
    ConsigneeInput,
    CreateShipmentInput,
    EquipmentInput,
    GoodsItemInput,
    InvoiceTermsInput,
    LegInput,
    MoneyInput,
    ShipmentFilter,
)
from .shipment import Shipment, ShipmentShipment
from .shipments import (
    Shipments,
    ShipmentsShipments,
    ShipmentsShipmentsEdges,
    ShipmentsShipmentsEdgesNode,
    ShipmentsShipmentsPageInfo,
)

__all__ = [
    "BaseClient",
    "BaseModel",
    "ConsigneeInput",
    "CreateShipment",
    "CreateShipmentCreateShipment",
    "CreateShipmentCreateShipmentShipment",
    "CreateShipmentCreateShipmentUserErrors",
    "CreateShipmentInput",
    "EquipmentInput",
    "ExceptionCode",
    "GoodsItemInput",
    "GraphQLClientError",
    "GraphQLClientGraphQLError",
    "GraphQLClientGraphQLMultiError",
    "GraphQLClientHttpError",
    "GraphQLClientInvalidResponseError",
    "InvoiceTermsInput",
    "IsthmusClient",
    "LegInput",
    "MoneyInput",
    "Shipment",
    "ShipmentFilter",
    "ShipmentShipment",
    "Shipments",
    "ShipmentsShipments",
    "ShipmentsShipmentsEdges",
    "ShipmentsShipmentsEdgesNode",
    "ShipmentsShipmentsPageInfo",
    "Tracked",
    "TrackedExceptions",
    "TrackedStatus",
    "Upload",
]
