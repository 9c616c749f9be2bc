from datetime import datetime
from typing import Optional

from .base_model import BaseModel
from .enums import ExceptionCode


class Tracked(BaseModel):
    id: str
    reference: str
    eta: Optional[datetime]
    status: "TrackedStatus"
    exceptions: list["TrackedExceptions"]


class TrackedStatus(BaseModel):
    code: str
    description: str


class TrackedExceptions(BaseModel):
    code: ExceptionCode
    until: Optional[datetime]


Tracked.model_rebuild()
