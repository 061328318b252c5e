module costate.invalid/definitions

go 1.26.6
