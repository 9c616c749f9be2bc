from typing import Optional

from .base_model import BaseModel
from .fragments import Tracked


class Shipment(BaseModel):
    shipment: Optional["ShipmentShipment"]


ShipmentShipment = Tracked
Shipment.model_rebuild()
