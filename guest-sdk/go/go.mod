module hostel-sdk

go 1.26
