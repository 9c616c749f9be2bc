"""What the page of webhooks asks of the schema."""

from isthmus_portal.changing import change

WEBHOOKS = """
query PortalWebhooks($first: Int!, $after: String, $log: String, $state: WebhookDeliveryState) {
  webhooks(first: $first, after: $after) {
    edges { node { id url description eventTypes createdAt endedAt endReason oldSecretUntil } }
    pageInfo { hasNextPage endCursor }
  }
  webhookDeliveries(first: $first, after: $log, state: $state) {
    edges { node {
      id messageId eventType state createdAt nextAttemptAt settledAt replays replayReason
      webhook { url endedAt }
      attempts { number at outcome status problem milliseconds }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
REGISTER = change("registerWebhook", "webhook { url } secret")
ROTATE = change("rotateWebhookSecret", "webhook { url } secret")
REMOVE = change("removeWebhook", "webhook { id }")
REPLAY = change("replayWebhookDelivery", "delivery { id }")
