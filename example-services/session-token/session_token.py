"""Keeps a token for a minute. Written as for Zato."""

from zato.server.service import Service


class SessionToken(Service):
    """Keeps a token for a minute."""

    def handle(self):
        self.cache.set('session-token', 'abc123', expiry=60)
        # None from the first moment after the minute.
        self.logger.info(self.cache.get('session-token'))
