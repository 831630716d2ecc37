"""What the web map asks besides layers: session, calendar, search, a card per fire point, events, a base map."""
