module connect-entra

go 1.26.0
