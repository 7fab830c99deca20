"""How fast Moodify is, beside what people would write instead."""
