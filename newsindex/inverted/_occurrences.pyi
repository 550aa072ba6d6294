CHOSEN: int
ALIKE: int
TYPED: int
