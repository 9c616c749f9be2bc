from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Tracked


class Shipments(BaseModel):
    shipments: Optional["ShipmentsShipments"]


class ShipmentsShipments(BaseModel):
    page_info: "ShipmentsShipmentsPageInfo" = Field(alias="pageInfo")
    edges: list["ShipmentsShipmentsEdges"]


class ShipmentsShipmentsPageInfo(BaseModel):
    has_next_page: bool = Field(alias="hasNextPage")
    end_cursor: Optional[str] = Field(alias="endCursor")


class ShipmentsShipmentsEdges(BaseModel):
    node: "ShipmentsShipmentsEdgesNode"


ShipmentsShipmentsEdgesNode = Tracked
Shipments.model_rebuild()
ShipmentsShipments.model_rebuild()
ShipmentsShipmentsEdges.model_rebuild()
