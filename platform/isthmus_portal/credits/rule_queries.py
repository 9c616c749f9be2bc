"""What the pages of a bank's own examination rules ask of the schema."""

from isthmus_portal.changing import change

RULES = """
query PortalExaminationRules {
  examinationRules { id code article says state triedAt }
  standingRules { code article documents says }
}
"""
RULE = """
query PortalExaminationRule($id: ID!) {
  node(id: $id) { ... on ExaminationRule { id code article says condition state triedAt
    trials {
      condition triedBy triedAt tried found unexamined since until
      results { credit presentation finds says }
    } } }
}
"""
WRITE = change("writeExaminationRule", "rule { id }")
TRY = change("tryExaminationRule", "rule { id }")
SWITCH = change("switchExaminationRule", "rule { id }")
