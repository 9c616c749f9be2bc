"""What the pages of titles send beside :mod:`isthmus_portal.queries`: issue, lien, hold, clearing."""

from isthmus_portal.changing import change

CARRIED = """
query PortalCarried {
  shipments(first: 100) {
    edges { node { id reference billOfLading carrier { name } forwarder { name } } }
  }
  titles(first: 100) {
    edges { node { id number version kind state shipment { id reference } issuer { name } } }
  }
}
"""
ISSUE = change("issueTitle", "title { id }")
PLEDGE = change("placeTitleLien", "title { id }")
HOLD = change("placeTitleHold", "titles { id }")
CLEAR = change("releaseTitle", "title { id }")
SUSPEND = change("suspendTitleMember", "suspendedAt")
READMIT = change("readmitTitleMember", "liftedAt")
