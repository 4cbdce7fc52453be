"""Web pages beside the feed: a show page, a page for each episode, and the session journal."""
