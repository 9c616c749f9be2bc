"""Where the offer of a receivable may stand, and what may be done of it, in the words of the schema."""

import graphene

from isthmus_platform import receivables

STATES = {
    receivables.State.OFFERED: "The bank has not answered; it sees amount, due date, country and rating.",
    receivables.State.QUOTED: "The bank quoted, blind.",
    receivables.State.ACCEPTED: "The bank accepted: it sees the invoice, which is registered as financed.",
    receivables.State.CONFIRMED: "The seller took the quote.",
    receivables.State.DISBURSING: "It is being paid out.",
    receivables.State.DISBURSED: "It is paid out.",
    receivables.State.OVERDUE: "The due date has passed.",
    receivables.State.DEFAULTED: "The days of grace have passed too.",
    receivables.State.REPAID: "The bank has everything back.",
    receivables.State.DECLINED: "The bank declined.",
    receivables.State.WITHDRAWN: "The seller withdrew it.",
    receivables.State.LAPSED: "Its time was over.",
}
ACTIONS = {
    receivables.Action.OFFER: "The seller offers the invoice.",
    receivables.Action.QUOTE: "The bank says what it asks.",
    receivables.Action.ACCEPT: "The bank accepts: it registers the invoice, and sees it.",
    receivables.Action.DECLINE: "The bank declines.",
    receivables.Action.WITHDRAW: "The seller takes the offer back.",
    receivables.Action.CONFIRM: "The seller takes the quote; what other banks were offered ends.",
    receivables.Action.DISBURSE: "The bank has it paid out.",
    receivables.Action.PAY_OUT: "The platform books the payment, once.",
    receivables.Action.REPAY: "The bank has something back.",
    receivables.Action.FALL_DUE: "The due date has passed.",
    receivables.Action.DEFAULT: "The days of grace have passed.",
    receivables.Action.LAPSE: "The time of quote or offer is over.",
}
ReceivableState = graphene.Enum.from_enum(
    receivables.State,
    name="ReceivableState",
    description=lambda value: STATES[value] if value else "Where an offer to one bank stands.",
)
ReceivableAction = graphene.Enum.from_enum(
    receivables.Action,
    name="ReceivableAction",
    description=lambda value: ACTIONS[value] if value else "What was done of an offer.",
)
