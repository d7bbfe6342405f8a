# -*- coding: utf-8 -*-

# The classes that this file imports are the services of the plugin.
from customers import DeleteCustomer, GetCustomer, SaveCustomer
from visits import RememberVisit, Visits
