"""What is asked of Shopify's Admin API, in GraphQL. The schema of every supported version judges it in the tests."""

from __future__ import annotations

_ORDER = "order(id: $id) { id cancelledAt closed displayFulfillmentStatus }"
_RESULT = "result: node(id: $result) { ... on OrderCancelJobResult { status errors { code field message } } }"
_CHANGED = "{ order { id closed } userErrors { field message } }"

ORDER = f"query Order($id: ID!) {{ {_ORDER} }}"
PROGRESS = f"query Progress($id: ID!, $job: ID!) {{ {_ORDER} job(id: $job) {{ id done }} }}"
RESULT = f"query Result($id: ID!, $job: ID!, $result: ID!) {{ {_ORDER} job(id: $job) {{ id done }} {_RESULT} }}"
CANCEL = """
mutation Cancel($id: ID!, $reason: OrderCancelReason!, $restock: Boolean!, $notify: Boolean!, $note: String,
                $refund: OrderCancelRefundMethodInput) {
  done: orderCancel(orderId: $id, reason: $reason, restock: $restock, notifyCustomer: $notify, staffNote: $note,
                    refundMethod: $refund) { job { id } userErrors: orderCancelUserErrors { code field message } }
}"""
CANCEL_TO_RESULT = CANCEL.replace("job { id }", "job { id } jobResult { id }")  # Needs version 2026-10.
ARCHIVE = f"mutation Archive($id: ID!) {{ done: orderClose(input: {{id: $id}}) {_CHANGED} }}"
OPEN = f"mutation Open($id: ID!) {{ done: orderOpen(input: {{id: $id}}) {_CHANGED} }}"
FULFILLMENT = """
query Fulfillment($id: ID!) {
  order: fulfillmentOrder(id: $id) {
    id status requestStatus supportedActions { action } fulfillments(first: 10) { nodes { status } }
    merchantRequests(last: 1, kind: CANCELLATION_REQUEST) { nodes { responseData } }
  }
}"""
WITHDRAW = "mutation Withdraw($id: ID!) { done: fulfillmentOrderCancel(id: $id) { userErrors { field message } } }"
ASK_BACK = """
mutation AskBack($id: ID!, $message: String) {
  done: fulfillmentOrderSubmitCancellationRequest(id: $id, message: $message) { userErrors { field message } }
}"""
