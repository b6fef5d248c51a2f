"""The columns of a flight, as the data set and every request have them, and what the model makes of them."""

from __future__ import annotations

CATEGORIES = ("carrier", "origin", "dest")
CLOCK_TIMES = ("sched_dep_time", "sched_arr_time")
"""Local clock times as hhmm without leading zeros: 515 is a quarter past five."""
AMOUNTS = ("distance", "temp", "dewp", "humid", "wind_speed", "precip", "visib", "pressure")
"""Miles; then the weather at the origin in the hour of departure (°F, °F, %, mph, inches, miles, mbar)."""
COLUMNS = ("date", *CATEGORIES, *CLOCK_TIMES, *AMOUNTS)
"""The order of a row's values; ``date`` as yyyy-mm-dd."""
ARRIVAL_DELAY = "arr_delay"
"""Minutes; empty for a flight that never arrived."""
ROW_ID = "row_id"

NUMBERS = ("weekday", "departure_minute", "arrival_minute", *AMOUNTS)
"""What the model sees as numbers; its other inputs are the categories, each as a share of late flights."""

LATE_MINUTES = 15
"""A flight is late when it arrives more than so many minutes after schedule (US DOT's definition)."""
