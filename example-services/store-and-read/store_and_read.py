"""Stores a value and reads it back. Uses the API of Zato."""

from zato.server.service import Service


class StoreAndRead(Service):
    """Stores a value and reads it back."""

    def handle(self):
        self.cache.set('my-key', 'my-value')
        self.logger.info(self.cache.get('my-key'))
