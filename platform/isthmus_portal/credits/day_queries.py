"""What the page of a bank's banking days asks of the schema."""

from isthmus_portal.changing import change

DAYS = "query PortalBankingDays { bankHolidays { day name } bankRestDays }"
ADD_HOLIDAYS = change("addBankHolidays", "holidays { day }")
SET_REST_DAYS = change("setBankRestDays", "days")
