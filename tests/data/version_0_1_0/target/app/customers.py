from app.orders import Order


class Customer:
    last = Order
