module conformance

go 1.26

require hostel-sdk v0.0.0

replace hostel-sdk => ../
