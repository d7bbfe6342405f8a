# -*- coding: utf-8 -*-

# Zato
from zato.common.exception import BadRequest
from zato.server.service import Service


class RememberVisit(Service):
    """ Stores a customer's first visit of a day, for an hour. The request is a form.
    """
    input = 'customer_id', 'day', 'place'

    def handle(self):
        input = self.request.input
        key = 'visit:{}:{}'.format(input.customer_id, input.day)

        if self.cache.set_if_absent(key, {'place': input.place}, expiry=3600):
            self.response.status_code = 201
        else:
            self.response.status_code = 200

        self.response.payload = self.cache.get(key)


class Visits(Service):

    def handle(self):
        prefix = 'visit:{}:'.format(self.request.http.params['customer_id'])

        if self.request.http.method == 'DELETE':
            self.response.payload = {'deleted': self.cache.delete_by_prefix(prefix)}
        else:
            day = self.request.http.GET.get('day')
            if not day:
                raise BadRequest(self.cid, 'The query needs a day')
            self.response.payload = {'visited': self.cache.exists(prefix + day)}
