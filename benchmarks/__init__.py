"""How fast Moodify is, beside what people would write instead. See docs/performance.md."""
