# ssot: allow[class-defined-more-than-once] because the shop of 2019 keeps its own order until it is switched off
class Order:
    pass


class CustomerRegistry:
    def add(self, customer):
        return customer
