"""The part of the Admin API's schema that is simulated, in our own words; tests hold it against Shopify's own."""

from __future__ import annotations

from functools import cache

from graphql import GraphQLSchema, build_schema

__all__ = ["schema_of"]

SDL = """
scalar DateTime
scalar JSON

interface Node { id: ID! }

type Query {
  order(id: ID!): Order
  job(id: ID!): Job
  node(id: ID!): Node
  fulfillmentOrder(id: ID!): FulfillmentOrder
  assignedFulfillmentOrders(
    assignmentStatus: FulfillmentOrderAssignmentStatus, first: Int, after: String
  ): FulfillmentOrderConnection!
}

type Mutation {
  orderCancel(orderId: ID!, reason: OrderCancelReason!, restock: Boolean!, notifyCustomer: Boolean = false,
              refundMethod: OrderCancelRefundMethodInput, staffNote: String = null): OrderCancelPayload
  orderClose(input: OrderCloseInput!): OrderClosePayload
  orderOpen(input: OrderOpenInput!): OrderOpenPayload
  fulfillmentOrderCancel(id: ID!): FulfillmentOrderCancelPayload
  fulfillmentOrderSubmitCancellationRequest(id: ID!, message: String): FulfillmentOrderSubmitCancellationRequestPayload
  fulfillmentOrderAcceptCancellationRequest(id: ID!, message: String): FulfillmentOrderAcceptCancellationRequestPayload
  fulfillmentOrderRejectCancellationRequest(id: ID!, message: String): FulfillmentOrderRejectCancellationRequestPayload
}

type Order implements Node {
  id: ID!
  name: String!
  cancelledAt: DateTime
  cancelReason: OrderCancelReason
  closed: Boolean!
  displayFulfillmentStatus: OrderDisplayFulfillmentStatus!
}

type Job { id: ID! done: Boolean! }

enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }

enum OrderDisplayFulfillmentStatus { FULFILLED PARTIALLY_FULFILLED UNFULFILLED }

input OrderCancelRefundMethodInput { originalPaymentMethodsRefund: Boolean }
input OrderCloseInput { id: ID! }
input OrderOpenInput { id: ID! }

type OrderCancelPayload { job: Job orderCancelUserErrors: [OrderCancelUserError!]! }
type OrderCancelUserError { code: OrderCancelUserErrorCode field: [String!] message: String! }
enum OrderCancelUserErrorCode { INTERNAL_ERROR INVALID NOT_FOUND NO_REFUND_PERMISSION }
type OrderClosePayload { order: Order userErrors: [UserError!]! }
type OrderOpenPayload { order: Order userErrors: [UserError!]! }
type UserError { field: [String!] message: String! }

type FulfillmentOrder implements Node {
  id: ID!
  status: FulfillmentOrderStatus!
  requestStatus: FulfillmentOrderRequestStatus!
  supportedActions: [FulfillmentOrderSupportedAction!]!
  fulfillments(first: Int): FulfillmentConnection!
  merchantRequests(last: Int, kind: FulfillmentOrderMerchantRequestKind): FulfillmentOrderMerchantRequestConnection!
}

enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
enum FulfillmentOrderRequestStatus {
  ACCEPTED CANCELLATION_ACCEPTED CANCELLATION_REJECTED CANCELLATION_REQUESTED CLOSED REJECTED SUBMITTED UNSUBMITTED
}
type FulfillmentOrderSupportedAction { action: FulfillmentOrderAction! }
enum FulfillmentOrderAction { CANCEL_FULFILLMENT_ORDER CREATE_FULFILLMENT REQUEST_CANCELLATION REQUEST_FULFILLMENT }
type FulfillmentConnection { nodes: [Fulfillment!]! }
type Fulfillment implements Node { id: ID! status: FulfillmentStatus! }
enum FulfillmentStatus { CANCELLED ERROR FAILURE OPEN PENDING SUCCESS }
type FulfillmentOrderMerchantRequestConnection { nodes: [FulfillmentOrderMerchantRequest!]! }
enum FulfillmentOrderMerchantRequestKind { CANCELLATION_REQUEST FULFILLMENT_REQUEST }
type FulfillmentOrderMerchantRequest implements Node {
  id: ID!
  kind: FulfillmentOrderMerchantRequestKind!
  message: String
  responseData: JSON
  sentAt: DateTime!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
enum FulfillmentOrderAssignmentStatus { CANCELLATION_REQUESTED FULFILLMENT_ACCEPTED FULFILLMENT_REQUESTED }
type FulfillmentOrderAcceptCancellationRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
type FulfillmentOrderRejectCancellationRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
type FulfillmentOrderCancelPayload { replacementFulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
type FulfillmentOrderSubmitCancellationRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
"""

SDL_WITH_RESULT = """
extend type OrderCancelPayload { jobResult: OrderCancelJobResult }
type OrderCancelJobResult implements Node {
  id: ID!
  done: Boolean!
  status: OrderCancelStatus!
  errors: [OrderCancelUserError!]!
  order: Order
}
enum OrderCancelStatus { FAILED STARTED SUCCEEDED }
"""
"""What came with 2026-10."""

TYPED = "replacementFulfillmentOrder: FulfillmentOrder userErrors: [FulfillmentOrderCancelError!]!"
"""How fulfillmentOrderCancel answers from 2026-04 on."""


def sdl_of(version: str) -> str:
    """The simulated schema of a version, as a text."""
    text = SDL + SDL_WITH_RESULT if version >= "2026-10" else SDL
    if version < "2026-04":
        return text
    typed = text.replace("replacementFulfillmentOrder: FulfillmentOrder userErrors: [UserError!]!", TYPED)
    return typed + "type FulfillmentOrderCancelError { field: [String!] message: String! }"


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The simulated schema of a version."""
    return build_schema(sdl_of(version))
