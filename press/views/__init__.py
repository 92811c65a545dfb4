"""Pages of the press: the room, requests, releases, and the desk behind them."""
