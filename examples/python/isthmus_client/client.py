from typing import Any, Optional, Union

from .base_client import BaseClient
from .base_model import UNSET, UnsetType
from .create_shipment import CreateShipment
from .input_types import CreateShipmentInput, ShipmentFilter
from .shipment import Shipment
from .shipments import Shipments


def gql(q: str) -> str:
    return q


class IsthmusClient(BaseClient):
    def shipments(
        self,
        first: int,
        after: Union[Optional[str], UnsetType] = UNSET,
        filter_: Union[Optional[ShipmentFilter], UnsetType] = UNSET,
        **kwargs: Any,
    ) -> Shipments:
        query = gql("""
            query Shipments($first: Int!, $after: String, $filter: ShipmentFilter) {
              shipments(first: $first, after: $after, filter: $filter) {
                pageInfo {
                  hasNextPage
                  endCursor
                }
                edges {
                  node {
                    ...Tracked
                  }
                }
              }
            }

            fragment Tracked on Shipment {
              id
              reference
              eta
              status {
                code
                description
              }
              exceptions {
                code
                until
              }
            }
            """)
        variables: dict[str, object] = {
            "first": first,
            "after": after,
            "filter": filter_,
        }
        response = self.execute(
            query=query, operation_name="Shipments", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Shipments.model_validate(data)

    def shipment(self, reference: str, **kwargs: Any) -> Shipment:
        query = gql("""
            query Shipment($reference: String!) {
              shipment(reference: $reference) {
                ...Tracked
              }
            }

            fragment Tracked on Shipment {
              id
              reference
              eta
              status {
                code
                description
              }
              exceptions {
                code
                until
              }
            }
            """)
        variables: dict[str, object] = {"reference": reference}
        response = self.execute(
            query=query, operation_name="Shipment", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return Shipment.model_validate(data)

    def create_shipment(
        self, input: CreateShipmentInput, **kwargs: Any
    ) -> CreateShipment:
        query = gql("""
            mutation CreateShipment($input: CreateShipmentInput!) {
              createShipment(input: $input) {
                shipment {
                  ...Tracked
                }
                userErrors {
                  code
                  field
                  message
                }
              }
            }

            fragment Tracked on Shipment {
              id
              reference
              eta
              status {
                code
                description
              }
              exceptions {
                code
                until
              }
            }
            """)
        variables: dict[str, object] = {"input": input}
        response = self.execute(
            query=query, operation_name="CreateShipment", variables=variables, **kwargs
        )
        data = self.get_data(response)
        return CreateShipment.model_validate(data)
