"""The columns of a booking, as the data set and every request have them, and what the model makes of them."""

from __future__ import annotations

AMOUNTS = (
    "lead_time",
    "stays_in_weekend_nights",
    "stays_in_week_nights",
    "adults",
    "children",
    "babies",
    "is_repeated_guest",
    "previous_cancellations",
    "previous_bookings_not_canceled",
    "required_car_parking_spaces",
    "total_of_special_requests",
    "historical_adr",
    "near_christmas",
    "near_new_years",
)
"""Numbers; ``lead_time`` in days, ``historical_adr`` in EUR (the average of that date, years before)."""
CATEGORIES = (
    "meal",
    "market_segment",
    "distribution_channel",
    "reserved_room_type",
    "customer_type",
    "country",
    "agent",
    "company",
)
COLUMNS = (*AMOUNTS, "arrival_date", *CATEGORIES)
"""The order of a row's values; ``arrival_date`` as yyyy-mm-dd."""
TARGET = "avg_price_per_room"
ROW_ID = "row_id"

NUMBERS = (*AMOUNTS, "log_lead_time", "log_historical_adr")
"""What the model sees as numbers."""
GROUPS = (*CATEGORIES, "weekday")
"""What the model sees as categories."""
