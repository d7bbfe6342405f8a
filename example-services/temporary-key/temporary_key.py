"""Deletes a key and then reads it, which returns None. Uses the API of Zato."""

from zato.server.service import Service


class TemporaryKey(Service):
    """Deletes a key and then reads it, which returns None."""

    def handle(self):
        self.cache.set('temp-key', 'temp-value')
        self.cache.delete('temp-key')
        self.logger.info(self.cache.get('temp-key'))
