from app.orders import OrderRegistry
