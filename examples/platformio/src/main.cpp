#include <Arduino.h>

void setup() {
    Serial1.begin(115200);
    Serial1.println("ready");
}

void loop() {}
