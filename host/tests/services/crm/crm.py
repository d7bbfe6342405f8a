# -*- coding: utf-8 -*-

# This file's classes are the services of the plugin.
from customers import DeleteCustomer, GetCustomer, SaveCustomer
from visits import RememberVisit, Visits
