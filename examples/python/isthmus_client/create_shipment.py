from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Tracked


class CreateShipment(BaseModel):
    create_shipment: Optional["CreateShipmentCreateShipment"] = Field(
        alias="createShipment"
    )


class CreateShipmentCreateShipment(BaseModel):
    shipment: Optional["CreateShipmentCreateShipmentShipment"]
    user_errors: list["CreateShipmentCreateShipmentUserErrors"] = Field(
        alias="userErrors"
    )


CreateShipmentCreateShipmentShipment = Tracked


class CreateShipmentCreateShipmentUserErrors(BaseModel):
    code: str
    field: Optional[str]
    message: str


CreateShipment.model_rebuild()
CreateShipmentCreateShipment.model_rebuild()
