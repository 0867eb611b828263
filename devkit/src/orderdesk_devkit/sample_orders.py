"""Four invented orders in Order Desk's official shape, for the demo and for tests. No person or shop in them exists."""

from __future__ import annotations

from typing import Final

__all__ = ["SAMPLE_ORDERS"]

SAMPLE_ORDERS: Final = """[
  {
    "id": "58101", "email": "nora.lindqvist@example.com", "shipping_method": "Ground", "quantity_total": 3,
    "weight_total": "2.4", "product_total": 64, "shipping_total": 7.95, "handling_total": 0, "tax_total": "4.16",
    "discount_total": -1.70, "order_total": 74.41, "payment_type": "Visa", "payment_status": "Approved",
    "customer_id": "90211", "email_count": "1", "ip_address": "192.0.2.17", "tag_color": "", "tag_name": "",
    "source_name": "Paper Lantern Shop", "source_id": "1042", "fulfillment_name": "", "fulfillment_id": "",
    "folder_id": 1, "date_added": "2026-01-05 08:41:07", "date_updated": "2026-01-05 08:41:09",
    "shipping": {
      "first_name": "Nora", "last_name": "Lindqvist", "company": "", "address1": "418 Alder Street",
      "address2": "Apt 6",
      "address3": "", "address4": "", "city": "Portland", "state": "OR", "postal_code": "97205", "country": "US",
      "phone": "503-555-0142"
    },
    "customer": {
      "first_name": "Nora", "last_name": "Lindqvist", "company": "", "address1": "418 Alder Street",
      "address2": "Apt 6",
      "address3": "", "address4": "", "city": "Portland", "state": "OR", "postal_code": "97205", "country": "US",
      "phone": "503-555-0142"
    },
    "checkout_data": {"Gift message": "Happy birthday, Ida!"}, "order_metadata": [],
    "discount_list": [{"name": "First order", "code": "WELCOME", "amount": "1.70"}],
    "order_notes": [{"date_added": "2026-01-05 08:52:30", "username": "mara", "content": "Wants it before the 20th."}],
    "order_items": [
      {"id": "301", "name": "Photo mug, 11 oz", "price": "16", "quantity": 2, "weight": 0.9, "code": "MUG-11",
       "delivery_type": "ship", "category_code": "DRINKWARE", "variation_list": {"Color": "White"},
       "metadata": {"print_url": "https://files.example.com/1042/front.png"}},
      {"id": "302", "name": "Canvas print", "price": 32, "quantity": "1", "weight": "0.6", "code": "CANVAS-12X16",
       "delivery_type": "ship", "category_code": "WALL", "variation_list": {"Size": "12x16", "Wrap": "Mirror"},
       "metadata": []}
    ],
    "order_shipments": []
  },
  {
    "id": "58102", "email": "dev.okafor@example.com", "shipping_method": "2-Day", "quantity_total": "1",
    "weight_total": 1, "product_total": "48.00", "shipping_total": "12.50", "handling_total": "0.00", "tax_total": 0,
    "discount_total": 0, "order_total": "60.50", "payment_type": "PayPal", "payment_status": "Captured",
    "customer_id": 90240, "email_count": 0, "ip_address": "198.51.100.4", "source_name": "Paper Lantern Shop",
    "source_id": 1043, "fulfillment_name": null, "fulfillment_id": null, "folder_id": "1",
    "date_added": "2026-01-05 08:55:40", "date_updated": null,
    "shipping": {
      "first_name": "Dev", "last_name": "Okafor", "company": "Okafor Dental", "address1": "1200 Larkspur Avenue",
      "address2": "", "city": "Austin", "state": "TX", "postal_code": 78704, "country": "US", "phone": "512-555-0119"
    },
    "customer": [], "checkout_data": [], "order_metadata": [], "discount_list": [], "order_notes": [],
    "order_items": [
      {"id": 303, "name": "Fleece blanket", "price": 48, "quantity": 1, "weight": 1, "code": "BLANKET-50X60",
       "delivery_type": "ship", "category_code": "HOME", "variation_list": {"Size": "50x60"}, "metadata": []}
    ],
    "order_shipments": []
  },
  {
    "id": "58103", "email": "purchasing@ridgeline-outfitters.example", "shipping_method": "Standard",
    "quantity_total": 12, "weight_total": "7.50", "product_total": 215.4, "shipping_total": 0, "handling_total": "3.00",
    "tax_total": "0", "discount_total": 0, "order_total": 218.40, "payment_type": "Invoice",
    "payment_status": "Authorized", "customer_id": "", "email_count": "2", "source_name": "CommerceHub",
    "source_id": "1044", "fulfillment_name": "", "fulfillment_id": "", "folder_id": 1,
    "date_added": "2026-01-05 09:02:11", "date_updated": "2026-01-05 09:02:11",
    "shipping": {
      "first_name": "", "last_name": "", "company": "Ridgeline Outfitters, Store 12", "address1": "77 Quarry Road",
      "address2": "Dock B", "city": "Boise", "state": "ID", "postal_code": "83702", "country": "US", "phone": ""
    },
    "customer": {
      "first_name": "Accounts", "last_name": "Payable", "company": "Ridgeline Outfitters", "address1": "5 Summit Plaza",
      "city": "Denver", "state": "CO", "postal_code": "80202", "country": "US", "phone": "303-555-0177"
    },
    "checkout_data": {"PO number": "RO-55310"}, "order_metadata": {"department": "14"}, "discount_list": [],
    "order_notes": [],
    "order_items": [
      {"id": "304", "name": "Camp tee", "price": "14.95", "quantity": "6", "weight": "0.35", "code": "TEE-CAMP-M",
       "delivery_type": "ship", "category_code": "APPAREL", "variation_list": {"Size": "M", "Color": "Moss"},
       "metadata": {"line": 1}},
      {"id": "305", "name": "Camp tee", "price": "14.95", "quantity": 4, "weight": "0.35", "code": "TEE-CAMP-L",
       "delivery_type": "ship", "category_code": "APPAREL", "variation_list": {"Size": "L", "Color": "Moss"},
       "metadata": {"line": 2}},
      {"id": "306", "name": "Trail blanket", "price": 32.95, "quantity": 2, "weight": 2, "code": "BLANKET-TRAIL",
       "delivery_type": "ship", "category_code": "HOME", "variation_list": [], "metadata": {"line": 3}}
    ],
    "order_shipments": []
  },
  {
    "id": "58104", "email": "june.abernathy@example.com", "shipping_method": "Ground", "quantity_total": 2,
    "weight_total": "0.8", "product_total": "39.90", "shipping_total": "5.25", "handling_total": 0, "tax_total": 2.79,
    "discount_total": 0, "order_total": "47.94", "payment_type": "Visa", "payment_status": "Approved",
    "customer_id": "90233", "email_count": "2", "source_name": "Paper Lantern Shop", "source_id": "1045",
    "fulfillment_name": "", "fulfillment_id": "", "folder_id": 2, "date_added": "2026-01-03 17:20:00",
    "date_updated": "2026-01-04 20:31:45",
    "shipping": {
      "first_name": "June", "last_name": "Abernathy", "company": "", "address1": "9 Millpond Lane", "address2": "",
      "city": "Burlington", "state": "VT", "postal_code": "05401", "country": "US", "phone": "802-555-0163"
    },
    "customer": {
      "first_name": "Theo", "last_name": "Abernathy", "company": "", "address1": "9 Millpond Lane", "address2": "",
      "city": "Burlington", "state": "VT", "postal_code": "05401", "country": "US", "phone": "802-555-0163"
    },
    "checkout_data": [], "order_metadata": [], "discount_list": [], "order_notes": [],
    "order_items": [
      {"id": "307", "name": "Photo calendar 2026", "price": "19.95", "quantity": 2, "weight": "0.4", "code": "CAL-2026",
       "delivery_type": "ship", "category_code": "PAPER", "variation_list": {"Start month": "January"},
       "metadata": []}
    ],
    "order_shipments": [
      {"id": "4402", "order_id": "58104", "store_id": "1200", "tracking_number": "EX0000000000000001",
       "carrier_code": "UPS", "shipment_method": "Ground", "weight": "0", "tracking_url": "", "label_format": "",
       "label_image": "", "print_status": 0, "date_shipped": "2026-01-04", "date_added": "2026-01-04 20:31:45"}
    ]
  }
]
"""
"""JSON of the orders 1042 to 1045: numbers and texts mixed, empty objects as lists, null, as hosts send them."""
