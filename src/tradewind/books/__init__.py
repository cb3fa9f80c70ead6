"""Order books of exchanges, kept up to date over their public websockets; see `feed.BookFeed`."""
