module my-service

go 1.26

require hostel-sdk v0.0.0

// `.hostel` is a link to the SDK of the installed tool. `hostel build` creates a missing link.
replace hostel-sdk => ./.hostel/guest-sdk/go
