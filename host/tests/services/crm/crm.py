# -*- coding: utf-8 -*-

# The services of this plugin are those that this file has.
from customers import DeleteCustomer, GetCustomer, SaveCustomer
from visits import RememberVisit, Visits
