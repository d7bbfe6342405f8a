# -*- coding: utf-8 -*-

# Zato
from zato.common.exception import BadRequest, NotFound
from zato.server.service import Service

HOUR = 3600


class SaveCustomer(Service):
    name = 'customer.save'

    def handle(self):
        customer = self.request.payload
        if 'id' not in customer:
            raise BadRequest(self.cid, 'A customer needs an id')

        key = 'customer:{}'.format(customer['id'])
        self.response.status_code = 200 if self.cache.exists(key) else 201
        self.cache.set(key, customer, expiry=HOUR)

        self.logger.info('Saved %s', key)
        self.response.headers['Location'] = '/customers/{}'.format(customer['id'])
        self.response.payload = customer


class GetCustomer(Service):
    name = 'customer.get'
    input = 'customer_id', '-lang'

    def handle(self):
        customer = self.cache.get('customer:' + self.request.input.customer_id)
        if not customer:
            raise NotFound(self.cid, 'No customer {}'.format(self.request.input.customer_id))

        self.response.payload.name = customer['name']
        self.response.payload.tier = customer.get('tier', 'standard')
        self.response.payload.lang = self.request.input.lang or 'en'


class DeleteCustomer(Service):
    name = 'customer.delete'
    input = 'customer_id'

    def handle(self):
        self.cache.delete('customer:' + self.request.input.customer_id)
        self.cache.delete_by_prefix('visit:{}:'.format(self.request.input.customer_id))
