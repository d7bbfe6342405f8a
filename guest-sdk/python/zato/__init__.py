"""Services written for Zato, run by Hostel: see ``zato.server.service``."""
