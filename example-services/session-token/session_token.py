"""Stores a token that expires after a minute. Uses the API of Zato."""

from zato.server.service import Service


class SessionToken(Service):
    """Stores a token that expires after a minute."""

    def handle(self):
        self.cache.set('session-token', 'abc123', expiry=60)
        # After a minute, `get` returns None.
        self.logger.info(self.cache.get('session-token'))
