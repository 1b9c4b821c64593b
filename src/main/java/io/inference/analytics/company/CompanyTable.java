package io.inference.analytics.company;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.opencsv.CSVWriterBuilder;
import com.opencsv.ICSVWriter;
import io.inference.analytics.platform.Csv;
import io.inference.analytics.web.TableAnswer;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers with a series as JSON, or its rows as CSV (RFC 4180, UTF-8) whose columns are the paths
 * of the JSON fields.
 */
@ApplicationScoped
class CompanyTable {

    private final ObjectMapper json;

    CompanyTable(ObjectMapper json) {
        this.json = json;
    }

    /** @param columns paths of the fields of a row, such as cost.amount */
    Response answer(TableAnswer.Form form, HttpHeaders headers, Object content, List<String> columns) {
        byte[] bytes = bytes(content);
        if (form == TableAnswer.Form.CSV) {
            byte[] csv = csv(bytes, columns).getBytes(StandardCharsets.UTF_8);
            return TableAnswer.of(form, headers, csv, () -> csv);
        }
        return TableAnswer.of(form, headers, bytes, () -> bytes);
    }

    private byte[] bytes(Object content) {
        try {
            return json.writeValueAsBytes(content);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer can always be written", e);
        }
    }

    private String csv(byte[] content, List<String> columns) {
        StringWriter text = new StringWriter();
        try (ICSVWriter csv = new CSVWriterBuilder(text).withLineEnd("\r\n").build()) {
            csv.writeNext(columns.stream().map(CompanyTable::header).toArray(String[]::new), false);
            for (JsonNode row : json.readTree(content).path("series")) {
                csv.writeNext(columns.stream().map(column -> cell(row, column)).toArray(String[]::new), false);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    /** {@code cost.amount} becomes {@code costAmount}. */
    private static String header(String path) {
        int dot = path.indexOf('.');
        return dot < 0
                ? path
                : path.substring(0, dot) + Character.toUpperCase(path.charAt(dot + 1)) + path.substring(dot + 2);
    }

    private static String cell(JsonNode row, String path) {
        JsonNode value = row.at("/" + path.replace('.', '/'));
        if (value.isMissingNode() || value.isNull()) {
            return "";
        }
        return value.isTextual() && !path.endsWith(".amount") ? Csv.harmless(value.asText()) : value.asText();
    }
}
