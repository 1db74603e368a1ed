class OrderFactory:
    made = {}

    def make(self, user_id):
        return self.made
