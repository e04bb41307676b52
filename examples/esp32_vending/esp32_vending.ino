// A vending prop for NeoBank: type an account number on a keypad (here: the serial monitor), pay, get a drink.
// Board: any ESP32. Libraries: ArduinoJson 7. The key needs the scopes debit:any and, to show a balance, balance:any.
//
// The flash of a prop can be read with a cable. What a stolen key can do is limited on the server: one account to pay into,
// a limit for each payment, a limit for each day, and a game master who revokes it (docs/terminals.md).

#include <ArduinoJson.h>
#include <HTTPClient.h>
#include <WiFi.h>
#include <WiFiClientSecure.h>
#include <esp_random.h>

const char* WIFI_NAME = "event";
const char* WIFI_PASSWORD = "change me";
const char* BANK = "https://192.168.1.10:8000";  // the laptop in the field
const char* API_KEY = "nbk_xxxxxxxx_replace_me";
const char* MY_ACCOUNT = "NC-0000-0000";  // the account this key is bound to
const long PRICE = 350;                   // minor units: 3.50
// The certificate of the event's own authority, in PEM form. Without it anybody on the same network can read the key.
const char* AUTHORITY = R"(-----BEGIN CERTIFICATE-----
-----END CERTIFICATE-----)";

const int RELAY_PIN = 4;

// --- Account numbers: catch a typing mistake without asking the server ------------------------------------------------
const char ALPHABET[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int valueOf(char c) {
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const char* at = c ? strchr(ALPHABET, c) : nullptr;
  return at ? at - ALPHABET : -1;
}

// "NC-XXXX-XXXX" -> true when the check character (the last one) fits. Arithmetic in GF(32), x^5 + x^2 + 1.
bool numberIsValid(const String& number) {
  if (number.length() != 12 || !number.startsWith("NC-") || number[7] != '-') return false;
  int total = 0;
  for (int place = 7; place >= 1; place--) {  // places 7..1 are the characters before the check character
    int value = valueOf(number[place <= 4 ? 2 + place : 3 + place]);
    if (value < 0) return false;
    total = (total << 1) ^ ((total & 16) ? 0b100101 : 0);
    total ^= value;
  }
  total = (total << 1) ^ ((total & 16) ? 0b100101 : 0);
  return (total ^ valueOf(number[11])) == 0;
}

// --- Paying -----------------------------------------------------------------------------------------------------------
String newKey() {
  char text[33];
  for (int i = 0; i < 4; i++) sprintf(text + 8 * i, "%08x", esp_random());
  return String(text);
}

// 201 means paid. Anything below zero means that the answer was lost: ask again with the SAME key, it is paid at most once.
int pay(const String& payer, const String& idempotencyKey, String& sentence) {
  WiFiClientSecure client;
  client.setCACert(AUTHORITY);
  HTTPClient http;
  http.setTimeout(8000);
  if (!http.begin(client, String(BANK) + "/api/v1/external/transactions")) return -1;
  http.addHeader("Content-Type", "application/json");
  http.addHeader("X-API-Key", API_KEY);
  http.addHeader("Idempotency-Key", idempotencyKey);

  JsonDocument request;
  request["from_account"] = payer;
  request["to_account"] = MY_ACCOUNT;
  request["amount"] = PRICE;
  request["memo"] = "vending prop";
  String body;
  serializeJson(request, body);

  int status = http.POST(body);
  if (status > 0) {
    JsonDocument answer;
    deserializeJson(answer, http.getString());
    sentence = status == 201 ? String("Thank you, ") + (const char*)answer["transaction"]["from_name"]
                             : String((const char*)answer["error"]);
  }
  http.end();
  return status;
}

void sell(const String& payer) {
  String key = newKey();
  String sentence;
  for (int attempt = 0; attempt < 6; attempt++) {
    int status = pay(payer, key, sentence);
    bool lost = status < 0 || status == 503 || (status == 409 && sentence.indexOf("still being worked on") >= 0);
    if (!lost) {
      Serial.println(sentence);
      if (status == 201) {
        digitalWrite(RELAY_PIN, HIGH);
        delay(1500);
        digitalWrite(RELAY_PIN, LOW);
      }
      return;
    }
    delay(1000 * (attempt + 1));
  }
  Serial.println("No signal. If money was taken, the desk can see it under this key.");
}

void setup() {
  Serial.begin(115200);
  pinMode(RELAY_PIN, OUTPUT);
  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);
  while (WiFi.status() != WL_CONNECTED) delay(200);
  Serial.println("Type your account number:");
}

void loop() {
  if (!Serial.available()) return;
  String number = Serial.readStringUntil('\n');
  number.trim();
  number.toUpperCase();
  if (number.length() == 0) return;
  if (!numberIsValid(number)) {
    Serial.println("That number is not right. Look again and type it once more.");
    return;
  }
  sell(number);
}
