module example.org/consumer

go 1.19
