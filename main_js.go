package main

type outside struct{}
