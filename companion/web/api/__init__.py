"""The API for programs: alarms, and the administration of what is behind them."""
