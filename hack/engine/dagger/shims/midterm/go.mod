module github.com/vito/midterm

go 1.24

require imagegate.invalid/midterm v0.0.0
