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
  node(id: $id) { ... on ExaminationRule { id code article says condition state triedAt } }
}
"""
WRITE = change("writeExaminationRule", "rule { id }")
TRY = change("tryExaminationRule", "trials { credit presentation finds says } unexamined")
SWITCH = change("switchExaminationRule", "rule { id }")
